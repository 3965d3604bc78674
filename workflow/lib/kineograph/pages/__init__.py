"""Pages that a person opens in a browser: one file each, readable offline, from templates."""
