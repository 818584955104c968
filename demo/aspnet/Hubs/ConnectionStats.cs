namespace HubshareDemo.Hubs;

/// <summary>Who is connected to a hub.</summary>
/// <param name="Connections">Connections that are up.</param>
/// <param name="Users">Users who have at least one.</param>
/// <param name="ConnectionsByUser">How many each of them has.</param>
public sealed record ConnectionStats(int Connections, int Users, IReadOnlyDictionary<string, int> ConnectionsByUser)
{
    public static ConnectionStats Of(ConnectionRegistry registry)
    {
        var byUser = registry.CountByUser();
        return new ConnectionStats(byUser.Values.Sum(), byUser.Count, byUser);
    }
}
