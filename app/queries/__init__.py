"""Questions: read only; filters, searches, pages, sums."""
