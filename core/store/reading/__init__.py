"""What the pages show, read from the rows: bounded, by workspace, never changing anything."""
