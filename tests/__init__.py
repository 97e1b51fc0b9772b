"""The tests, and what they share: pages_io (recorded pages), markup (pages of many styles)."""
