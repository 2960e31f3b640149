//! `create_app`, invoked by the operator.
