export const cargoEnvironment: NodeJS.ProcessEnv;
export const hasCargo: () => boolean;
