"""The services that ask us for invoices and must hear of payments."""
