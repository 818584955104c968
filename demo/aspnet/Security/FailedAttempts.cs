namespace HubshareDemo.Security;

/// <summary>Remembers from which addresses tokens were refused. With a limit, an address that has reached it is turned away for a while.</summary>
public sealed class FailedAttempts(DemoOptions options, SecurityClock time)
{
    /// <summary>Newest failures win: nobody can make the hub remember more than this.</summary>
    private const int MostAddresses = 10_000;

    private readonly Lock gate = new();

    /// <summary>When the newest failures of an address were, in milliseconds, as many as the limit at most. The address that failed longest ago comes first.</summary>
    private readonly OrderedDictionary<string, List<long>> failures = [];

    private readonly long windowMs = (long)options.FailedAttemptsWindow.TotalMilliseconds;

    /// <returns>Whole seconds after which the address may try again; null: it may now.</returns>
    public int? SecondsToWait(string address)
    {
        if (options.FailedAttempts is not { } limit)
        {
            return null;
        }

        lock (gate)
        {
            var now = Now();
            var recent = Recent(address, now);
            return recent.Count < limit ? null : Math.Max(1, (int)Math.Ceiling((recent[0] + windowMs - now) / 1000.0));
        }
    }

    /// <summary>
    /// A token from this address was refused. What others do from there in the meantime changes nothing: a success is no proof that the
    /// failures were somebody's mistakes.
    /// </summary>
    /// <returns>Whether the address has reached the limit with this one.</returns>
    public bool Note(string address)
    {
        if (options.FailedAttempts is not { } limit)
        {
            return false;
        }

        lock (gate)
        {
            var now = Now();
            var before = Recent(address, now);
            // Again at the end: whoever has failed longest ago is forgotten first.
            failures.Remove(address);
            if (failures.Count >= MostAddresses)
            {
                failures.RemoveAt(0);
            }

            failures.Add(address, [.. before.Append(now).TakeLast(limit)]);
            return before.Count == limit - 1;
        }
    }

    /// <summary>Failures that still count.</summary>
    private List<long> Recent(string address, long now) =>
        failures.TryGetValue(address, out var times) ? times.FindAll(at => at > now - windowMs) : [];

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
