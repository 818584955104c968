namespace HubshareDemo.Http;

/// <summary>What became of a request that was refused. Its response may say 101: a WebSocket that was accepted only to be closed.</summary>
public sealed record Verdict(int Status)
{
    public static void Set(HttpContext context, int status) => context.Items[typeof(Verdict)] = new Verdict(status);

    /// <returns>Null where nothing was refused.</returns>
    public static Verdict? Of(HttpContext context) => context.Items[typeof(Verdict)] as Verdict;
}
