//! The function `export_client`, by which the operator hands out everything that is stored about a client.
