import { availableParallelism } from 'node:os';

export const defaultProcesses = () => availableParallelism();
