raise SystemExit("nobody should start me")
