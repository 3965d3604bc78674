"""Filters, a file each.

A filter's file has ``apply(values, rate_hz, **parameters) -> values`` for (F, N) arrays without gaps, or, where it needs to
know how uncertain each point is, ``apply_to_points(position_m, covariance_m2, rate_hz, **parameters)`` for whole tracks of
points, which gives both back. A literal ``PARAMETERS`` has the JSON schema of each parameter; a literal ``PROMISES`` says
what the filter keeps to, and the tests hold it to that:

``linear``
    The sum of two series is filtered to the sum of both filtered.
``straight_lines``
    A movement of constant velocity stays as it is.
``half_power_at_cutoff``
    0.707 of the amplitude passes at ``cutoff_hz``.
``scale``
    A series in other units is filtered the same. (All filters let a constant be added.)

All filters are the same backwards in time, keep constants, and return as many frames as they got. Adding a file adds the
filter.
"""
