import { availableParallelism } from 'node:os';

export const defaultThreads = () => availableParallelism();
