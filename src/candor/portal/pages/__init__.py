"""The portal's pages, one module for what belongs together; each has a list `routes`."""
