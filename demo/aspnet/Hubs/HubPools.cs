namespace HubshareDemo.Hubs;

/// <summary>The pools of all hubs.</summary>
public sealed class HubPools
{
    public HubPool Ops { get; } = new();

    public HubPool Admin { get; } = new();

    public IEnumerable<ConnectionEntry> AllConnections => Ops.Registry.All.Concat(Admin.Registry.All);

    public HubPool Of<THub>()
        where THub : SecureHub => typeof(THub) == typeof(AdminHub) ? Admin : Ops;

    public ConnectionEntry? Find(string connectionId) => Ops.Registry.Find(connectionId) ?? Admin.Registry.Find(connectionId);

    /// <param name="connectionToken">The key under which the requests of a connection come.</param>
    public ConnectionEntry? FindByToken(string? connectionToken) =>
        string.IsNullOrEmpty(connectionToken) ? null : Ops.Registry.FindByToken(connectionToken) ?? Admin.Registry.FindByToken(connectionToken);
}
