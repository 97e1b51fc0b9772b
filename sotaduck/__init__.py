"""The ground that every stage stands on: records, errors, configuration."""

__version__ = "0.1.0"
