//! Plug-ins: what a good one does, and that a bad one hurts nobody.

mod good;
mod hostile;
mod support;
