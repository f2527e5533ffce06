"""Numbers over time, pure Python: histograms of durations and the sums that stand for all work."""
