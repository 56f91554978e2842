/** How engines get at the libraries that they measure: by name, from `bench/peers`, on whatever host they run. */

export interface PeerModules {
  /** The library's module; throws where it is not installed. */
  load(name: string): Promise<unknown>;
}
