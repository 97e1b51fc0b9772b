"""From the network to raw records: polite HTTP, the WARC archive, strict parsers."""
