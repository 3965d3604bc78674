"""Calibration boards in pictures: reading the pictures, finding corners, solving for lenses and poses, drawing.

With ``pose`` the only importer of OpenCV.
"""
