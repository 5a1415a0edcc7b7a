/** A kernel's release without what every guest image has in common: `6.1.0-56` of `6.1.0-56-cloud-amd64`. */
export const kernelName = (release: string): string => `Linux ${release.replace(/-(cloud-)?(amd64|arm64|virt)$/, '')}`;
