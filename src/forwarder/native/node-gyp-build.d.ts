declare module "node-gyp-build" {
  /** Loads the addon that was built or prebuilt for this system below the folder `root`; throws if there is none. */
  export default function load(root: string): unknown;
}
