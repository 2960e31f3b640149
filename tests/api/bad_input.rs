//! What users get wrong, on every route: the documented error, and nothing has changed.
