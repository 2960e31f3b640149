//! Keys and tokens: every spelling of the headers, and every way to be refused.
