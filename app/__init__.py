"""EIS Billing: invoices and payments of several services in one place."""
