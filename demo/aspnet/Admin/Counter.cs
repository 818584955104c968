namespace HubshareDemo.Admin;

/// <summary>One number that many threads change.</summary>
public sealed class Counter
{
    private long value;

    public long Value => Interlocked.Read(ref value);

    public void Add(long amount = 1) => Interlocked.Add(ref value, amount);
}
