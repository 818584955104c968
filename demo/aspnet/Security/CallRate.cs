namespace HubshareDemo.Security;

/// <summary>How often one user may call, over all devices: never more than so many calls in any one second.</summary>
public sealed class CallRate(DemoOptions options, SecurityClock time)
{
    public const int WindowMs = 1000;

    /// <summary>Above it, those who have been silent for a second are forgotten: that changes nothing for them.</summary>
    private const int SweepAbove = 1000;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Calls> byUser = [];

    /// <returns>Null where the call is granted.</returns>
    public TooMany? Take(string userId)
    {
        if (options.MessagesPerSecond is not { } limit)
        {
            return null;
        }

        lock (gate)
        {
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            var calls = CallsOf(userId, now);
            while (calls.GrantedAtMs.TryPeek(out var oldest) && oldest <= now - WindowMs)
            {
                calls.GrantedAtMs.Dequeue();
            }

            if (calls.GrantedAtMs.Count < limit)
            {
                calls.GrantedAtMs.Enqueue(now);
                calls.NewestAtMs = now;
                return null;
            }

            var warn = now - calls.WarnedAtMs >= WindowMs;
            if (warn)
            {
                calls.WarnedAtMs = now;
            }

            return new TooMany(limit, calls.GrantedAtMs.Peek() + WindowMs - now, warn);
        }
    }

    private Calls CallsOf(string userId, long now)
    {
        if (byUser.TryGetValue(userId, out var known))
        {
            return known;
        }

        if (byUser.Count >= SweepAbove)
        {
            foreach (var silent in byUser.Where(pair => pair.Value.NewestAtMs <= now - WindowMs).Select(pair => pair.Key).ToList())
            {
                byUser.Remove(silent);
            }
        }

        return byUser[userId] = new Calls();
    }

    /// <summary>A call that is refused.</summary>
    /// <param name="Limit">Calls in a second.</param>
    /// <param name="RetryAfterMs">When the next one will be granted.</param>
    /// <param name="Warn">The user was not warned in the last second.</param>
    public sealed record TooMany(int Limit, long RetryAfterMs, bool Warn);

    private sealed class Calls
    {
        /// <summary>When the granted calls of the last second were, oldest first.</summary>
        public Queue<long> GrantedAtMs { get; } = new();

        public long NewestAtMs { get; set; }

        public long WarnedAtMs { get; set; }
    }
}
