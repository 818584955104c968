/** The hub's end of the channel to the benchmark program. */
import type { HubReading, Message, Order, Request } from './orders.js';

/** Says where the hub listens, then answers each order with what `obey` reads after it. The process ends when the program goes. */
export function serveOrders(port: number, obey: (order: Order) => Omit<HubReading, 'cpuMs'>): void {
  const say = (message: Message): void => {
    process.send?.(message);
  };
  process.on('message', ({ id, order }: Request) => {
    const { user, system } = process.cpuUsage();
    say({ type: 'answer', id, reading: { ...obey(order), cpuMs: (user + system) / 1000 } });
    if (order.type === 'close') process.exit();
  });
  process.on('disconnect', () => process.exit());
  say({ type: 'listening', port });
}
