namespace HubshareDemo.Hubs;

/// <summary>The connections of one hub and their groups. Nobody is in it before the token has been checked.</summary>
public sealed class HubPool
{
    public HubPool() => Groups = new HubGroups(Registry);

    public ConnectionRegistry Registry { get; } = new();

    public HubGroups Groups { get; }

    /// <summary>To all devices of a user.</summary>
    /// <returns>To how many connections it was sent.</returns>
    public int EmitToUser(string userId, string name, object?[] args) => Emit(Groups.Of(HubGroups.OfUser(userId)), name, args);

    /// <returns>To how many connections it was sent.</returns>
    public int EmitToAll(string name, object?[] args) => Emit([.. Registry.All], name, args);

    private static int Emit(IReadOnlyCollection<ConnectionEntry> entries, string name, object?[] args)
    {
        Broadcast.Send(entries, name, args);
        return entries.Count;
    }
}
