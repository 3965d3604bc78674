"""Keypoints from pictures: decoding video, running networks, and drawing what they saw.

The only importer of ONNX Runtime, rtmlib and of video decoding.
"""
