// Stacks that name the TypeScript line. Not by NODE_OPTIONS, which every Pulumi process started by a test would inherit.
process.setSourceMapsEnabled(true);
