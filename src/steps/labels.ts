/** Labels of images and containers of this program. */
export const labels = {
  /** Hash of everything an image was built from. */
  inputs: 'nfstest-tui.inputs',
  /** The name an image was built for; an image built on top of it inherits the label, but not the name. */
  reference: 'nfstest-tui.reference',
  /** The server.json that it was built with, where it is none of the program's own. */
  config: 'nfstest-tui.config',
  /** The environment (VM folder) a container belongs to. */
  environment: 'nfstest-tui.environment',
  run: 'nfstest-tui.run',
} as const;
