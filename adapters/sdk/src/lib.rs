//! Write an IPC v0 adapter: implement Adapter, call serve().
