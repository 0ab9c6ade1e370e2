"""Pictures of products for the eye: colour tables, stretches, outlines, and figures of matplotlib.

matplotlib is imported when a figure is drawn, not before.
"""
