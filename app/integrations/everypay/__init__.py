"""EveryPay API v4: hosted one-off payments and signed LinkPay URLs."""
