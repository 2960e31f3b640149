//! The documented requests, and their replies field by field.
