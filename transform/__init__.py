"""Pure normalisation: raw records in, typed records out; no network, disk or clock."""
