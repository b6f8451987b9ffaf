"""What carries an action out: one provider a module, all behind the protocol of `base`."""
