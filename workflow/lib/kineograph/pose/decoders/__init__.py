"""What networks put out, a file each: how to prepare their input and read their output.

A decoder's file has ``load(session, card) -> Detector`` or ``-> PoseEstimator``. Adding a file adds the decoder; a model
card names it.
"""
