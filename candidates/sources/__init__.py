"""Where teachers come from: builders by name, state dicts, exported programs."""
