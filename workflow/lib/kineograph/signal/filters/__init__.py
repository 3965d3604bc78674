"""Filters, a file each.

A filter's file has ``apply(values, rate_hz, **parameters) -> values`` for (F, N) arrays without gaps, and a literal
``PARAMETERS`` with the JSON schema of each parameter. Adding a file adds the filter.
"""
