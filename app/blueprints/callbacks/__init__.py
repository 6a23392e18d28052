"""What gateways call: kept at once, looked into later."""
