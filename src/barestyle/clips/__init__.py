"""Repaint video files and folders of frames: reading, shots, optical flow, writing."""
