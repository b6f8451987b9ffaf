"""What decides over a stage: one rule a module, all behind the protocol of `actions.base`."""
