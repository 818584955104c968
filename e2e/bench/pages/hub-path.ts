/** Where both hubs of the benchmark are. */
export const HUB = '/hubs/ops';
