"""Validation with Great Expectations: suites as code, the gate before the load, Data Docs."""
