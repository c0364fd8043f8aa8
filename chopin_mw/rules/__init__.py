"""Pure decisions: values in, verdict out. No clock, loop, file, socket or log."""
