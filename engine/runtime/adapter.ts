/** What is the same for every runtime: naming an adapter and telling software from hardware. */

/** True for the carried driver and for a SwiftShader of the system. */
export function isSwiftShader(adapter: GPUAdapter): boolean {
  const { architecture, device, description } = adapter.info;
  return /swiftshader/i.test(`${architecture} ${device} ${description}`);
}

/** By the adapter's own word where the runtime passes it on, else by the names of the software drivers. */
export function isSoftwareAdapter(adapter: GPUAdapter): boolean {
  const { architecture, device, description, isFallbackAdapter } = adapter.info;
  return (
    isFallbackAdapter === true ||
    /llvmpipe|lavapipe|swiftshader|basic render|\bwarp\b/i.test(`${architecture} ${device} ${description}`)
  );
}

/**
 * A name for people. Dawn puts the driver into `description` and a mangled card name into `device`, wgpu the card's name into
 * `description` and a number into `device`, and browsers often leave both empty.
 */
export function describeAdapter(adapter: GPUAdapter): string {
  const { vendor, architecture, device, description } = adapter.info;
  const software = isSoftwareAdapter(adapter);
  const words = [device, description].filter((word) => word && !/^\d+$/.test(word));
  const name =
    software && description
      ? description
      : words.length === 2
        ? `${words[0]} (${words[1]})`
        : words[0] || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed adapter';
  return `${name}, ${software ? 'software' : 'GPU'}`;
}

/** What a person does about a missing adapter. `platform` as in `process.platform`; `detail` says what was tried. */
export function noAdapterError(platform: string, detail: string): Error {
  const advice: Record<string, string> = {
    linux:
      "Install your card's Vulkan driver and the loader (libvulkan1), or Mesa's software driver, 24 or newer: " +
      '`apt install mesa-vulkan-drivers libvulkan1` (on Debian 12 with `-t bookworm-backports`), ' +
      '`dnf install mesa-vulkan-drivers vulkan-loader`, `apk add mesa-vulkan-swrast vulkan-loader`. ' +
      'On x64 with glibc, `npm install @sparticuz/chromium` in your project is enough: it carries a software driver.',
    darwin:
      'A Mac needs macOS 11 or newer and a session that reaches its Metal GPU (not every virtual machine has one).',
    win32: "Install your card's current driver (Direct3D 12 or Vulkan).",
  };
  const known = advice[platform] ?? 'Install a Vulkan driver for this system.';
  return new Error(`No WebGPU adapter on this machine. ${detail} ${known}`);
}
